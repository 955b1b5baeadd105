# Rscript quantiles.R   (in tests/oracles/survival; R 4.2.2, survival 3.5-3, 2026-11-30): writes quantiles.csv and bands.csv
library(survival)
lung <- read.csv("lung.csv")
sets <- list(
  lung = list(t = lung$time, s = lung$status == 2),
  flat_end = list(t = c(1, 2, 3, 4), s = c(1, 1, 0, 0)),
  flat_end_six = list(t = 1:6, s = c(1, 1, 1, 0, 0, 0)),
  all_events = list(t = 1:4, s = rep(1, 4)),
  falls_later = list(t = 1:8, s = c(1, 1, 1, 1, 0, 0, 1, 1)),
  none = list(t = c(5, 6, 8), s = c(0, 0, 0)),
  ten = list(t = 1:10, s = c(1, 1, 1, 1, 1, 0, 0, 0, 0, 0)),
  twenty = list(t = c(1:16, 20, 20, 20, 30), s = c(rep(1, 15), 0, 1, 0, 0, 0)),
  long = list(t = c(seq(0.1, 10, length = 100), rep(60, 99), 120), s = rep(1:0, each = 100))
)
quantiles <- file("quantiles.csv", "w"); bands <- file("bands.csv", "w")
cat("set,type,probability,value,low,high\n", file = quantiles)
cat("set,type,time,survival,low,high\n", file = bands)
# the rule of print.survfit for the median, for any share: quantile() instead takes the middle between the first time and the
# last follow-up where a curve ends on the share
first <- function(y, x, target) {
  tolerance <- .Machine$double.eps^0.5
  keep <- !is.na(y) & y < target + tolerance
  if (!any(keep)) return(Inf)
  x <- x[keep]; y <- y[keep]
  if (abs(y[1] - target) < tolerance && any(y < y[1])) (x[1] + x[min(which(y < y[1]))]) / 2 else x[1]
}
for (name in names(sets)) for (type in c("log", "log-log", "plain", "logit", "arcsin")) {
  k <- survfit(Surv(sets[[name]]$t, sets[[name]]$s) ~ 1, conf.type = type)
  for (p in c(0.1, 0.25, 0.5, 0.75, 0.9)) {
    value <- c(first(k$surv, k$time, 1 - p), first(k$lower, k$time, 1 - p), first(k$upper, k$time, 1 - p))
    if (p == 0.5) {  # the rule is R's own
      printed <- summary(k)$table[c("median", "0.95LCL", "0.95UCL")]
      stopifnot(all.equal(unname(ifelse(is.na(printed), Inf, printed)), value))
    }
    # and quantile()'s, wherever the curve does not end on the share
    q <- quantile(k, p)
    if (abs(min(k$surv) - (1 - p)) > 1e-6 && !is.na(q$quantile)) stopifnot(all.equal(unname(q$quantile), value[1]))
    cat(sprintf("%s,%s,%g,%.17g,%.17g,%.17g\n", name, type, p, value[1], value[2], value[3]), file = quantiles)
  }
  if (any(k$n.event > 0)) {
    at <- which(k$n.event > 0)
    at <- unique(at[round(seq(1, length(at), length.out = 8))])
    for (i in at) cat(sprintf("%s,%s,%.17g,%.17g,%.17g,%.17g\n", name, type, k$time[i], k$surv[i], k$lower[i], k$upper[i]), file = bands)
  }
}
close(quantiles); close(bands)
