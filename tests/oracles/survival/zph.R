# Rscript zph.R > zph.csv   (run in tests/oracles/survival; R 4.2.2, survival 3.5-3, 2026-11-30)
library(survival)
lung <- read.csv("lung.csv")
lung <- lung[complete.cases(lung[, c("time", "status", "age", "sex", "ph.ecog", "wt.loss")]), ]
lung$weight <- 0.5 + (seq_len(nrow(lung)) %% 7) / 4
lung$month <- ceiling(lung$time / 30)
lung$entry <- ifelse(seq_len(nrow(lung)) %% 3 == 0, pmin(60, lung$time / 2), 0)
lung$band <- lung$ph.karno %/% 30
lung$band[is.na(lung$band)] <- 9
row <- function(set, transform, fit) {
  z <- cox.zph(fit, transform = transform)$table
  for (name in rownames(z))
    cat(sprintf("%s,%s %s,%.17g,%.17g\n", set, transform, name, z[name, "chisq"], z[name, "p"]))
}
cat("dataset,quantity,value,p\n")
f <- . ~ age + sex + ph.ecog + wt.loss
for (transform in c("km", "rank", "identity", "log")) {
  for (ties in c("efron", "breslow")) {
    row(paste("days", ties), transform, coxph(update(Surv(time, status) ~ 1, f), lung, ties = ties))
    row(paste("months", ties), transform, coxph(update(Surv(month, status) ~ 1, f), lung, ties = ties))
    row(paste("weighted", ties), transform,
        coxph(update(Surv(month, status) ~ 1, f), lung, ties = ties, weights = weight))
    row(paste("strata", ties), transform,
        coxph(Surv(month, status) ~ age + sex + wt.loss + strata(ph.ecog), lung, ties = ties))
  }
  row("entry efron", transform, coxph(update(Surv(entry, time, status) ~ 1, f), lung))
}
