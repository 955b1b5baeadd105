# Rscript ties.R > ties.csv   (R 4.2.2, survival 3.5-3, 2026-11-30): aeqSurv, and what follows from it
library(survival)
set.seed(7)
cat("set,row,time,joined,observed,x,cox,cox_off,logrank\n")
for (set in 1:8) {
  n <- 12
  # a few values, each written with errors from far below to far above the tolerance, short and long times
  size <- c(1, 0.02, 300, 4000)[1 + set %% 4]
  base <- sample(c(0.3, 0.5, 0.7, 1.1, 0.9), n, replace = TRUE) * size
  time <- base * (1 + 10^sample(c(-16, -10, -9, -8, -7.5, -7, -6, -4), n, replace = TRUE))
  observed <- rbinom(n, 1, 0.8); x <- rep(0:1, length.out = n)
  joined <- aeqSurv(Surv(time, observed))[, 1]
  on <- coef(coxph(Surv(time, observed) ~ x, control = coxph.control(eps = 1e-12)))
  off <- coef(coxph(Surv(time, observed) ~ x, control = coxph.control(eps = 1e-12, timefix = FALSE)))
  chi <- survdiff(Surv(time, observed) ~ x)$chisq
  for (i in 1:n) cat(sprintf("%d,%d,%.17g,%.17g,%d,%d,%.17g,%.17g,%.17g\n", set, i, time[i], joined[i], observed[i], x[i], on, off, chi))
}
