# Rscript tests/oracles/synthesis/bayesian.R > tests/oracles/synthesis/bayesian.csv
# R's integrate() over tau of the restricted likelihood, written with each study's full covariance (no rotation into
# independent rows), for data of metadat: BCG (log risk ratios) and Senn 2013 (mean differences; one trial has three arms).
suppressMessages({library(metafor); library(metadat)})
posterior <- function(y, V, S, X, prior, contrasts) {
  # V sampling covariance, S between-study covariance over tau2, X design, contrasts one row each
  one <- function(tau) {
    W <- solve(V + tau^2 * S)
    C <- solve(t(X) %*% W %*% X)
    b <- C %*% t(X) %*% W %*% y
    r <- y - X %*% b
    l <- 0.5 * as.numeric(determinant(W)$modulus) + 0.5 * as.numeric(determinant(C)$modulus) - 0.5 * as.numeric(t(r) %*% W %*% r)
    list(l = l, m = as.numeric(contrasts %*% b), s = sqrt(diag(contrasts %*% C %*% t(contrasts))))
  }
  top <- max(sapply(exp(seq(log(1e-4), log(5), length.out = 400)), function(t) one(t)$l))
  # log(tau) from -25 to 4: prior() is the density of log(tau)
  over <- function(f) integrate(function(s) sapply(s, function(z) { o <- one(exp(z)); exp(o$l - top) * prior(z) * f(o, exp(z)) }),
                                -25, 4, rel.tol = 1e-10, subdivisions = 2000)$value
  Z <- over(function(o, t) 1)
  mean1 <- function(f) over(f) / Z
  q <- function(F, p, lo, hi) uniroot(function(x) F(x) - p, c(lo, hi), tol = 1e-9)$root
  cum <- function(x) integrate(function(s) sapply(s, function(z) { o <- one(exp(z)); exp(o$l - top) * prior(z) }), -25, log(x), rel.tol = 1e-10, subdivisions = 2000)$value / Z
  rows <- list(c("tau", "mean", mean1(function(o, t) t)), c("tau", "q0.025", q(cum, .025, 1e-6, 4)), c("tau", "q0.5", q(cum, .5, 1e-6, 4)), c("tau", "q0.975", q(cum, .975, 1e-6, 8)))
  for (k in seq_len(nrow(contrasts))) {
    F <- function(x) mean1(function(o, t) pnorm((x - o$m[k]) / o$s[k]))
    P <- function(x) mean1(function(o, t) pnorm((x - o$m[k]) / sqrt(o$s[k]^2 + t^2)))
    m <- mean1(function(o, t) o$m[k])
    rows <- c(rows, list(c(rownames(contrasts)[k], "mean", m),
      c(rownames(contrasts)[k], "q0.025", q(F, .025, m - 5, m + 5)), c(rownames(contrasts)[k], "q0.5", q(F, .5, m - 5, m + 5)),
      c(rownames(contrasts)[k], "q0.975", q(F, .975, m - 5, m + 5)),
      c(rownames(contrasts)[k], "new0.025", q(P, .025, m - 15, m + 15)), c(rownames(contrasts)[k], "new0.975", q(P, .975, m - 15, m + 15)),
      c(rownames(contrasts)[k], "below", F(0))))
  }
  rows
}
lognormal <- function(mu, sigma) function(s) dnorm(2 * s, mu, sigma)
halfnormal <- function(scale) function(s) exp(s) * exp(-0.5 * (exp(s) / scale)^2)
halfcauchy <- function(scale) function(s) exp(s) / (1 + (exp(s) / scale)^2)
logt5 <- function(mu, sigma) function(s) dt((2 * s - mu) / sigma, 5)
cat("data,prior,what,statistic,value\n")
emit <- function(data, name, rows) for (r in rows) cat(paste(data, name, r[1], r[2], sprintf("%.9g", as.numeric(r[3])), sep = ","), "\n", sep = "")
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
k <- nrow(bcg); one <- matrix(1, 1, 1, dimnames = list("vaccine", NULL))
for (p in list(list("log-normal -2.56 1.74", lognormal(-2.56, 1.74)), list("half-normal 0.5", halfnormal(0.5)), list("log-t5 -3.44 2.59", logt5(-3.44, 2.59))))
  emit("bcg", p[[1]], posterior(bcg$yi, diag(bcg$vi), diag(k), matrix(1, k, 1), p[[2]], one))
d <- dat.senn2013
treatments <- sort(unique(d$treatment)); ref <- "placebo"; basic <- setdiff(treatments, ref)
y <- c(); blocks <- list(); between <- list(); X <- NULL
for (s in unique(d$study)) {
  a <- d[d$study == s, ]; v <- a$sd^2 / a$ni; n <- nrow(a) - 1
  y <- c(y, a$mi[-1] - a$mi[1])
  blocks <- c(blocks, list(diag(v[-1], n, n) + v[1])); between <- c(between, list(diag(0.5, n, n) + 0.5))
  for (i in 2:nrow(a)) { row <- setNames(rep(0, length(basic)), basic)
    if (a$treatment[i] %in% basic) row[a$treatment[i]] <- row[a$treatment[i]] + 1
    if (a$treatment[1] %in% basic) row[a$treatment[1]] <- row[a$treatment[1]] - 1
    X <- rbind(X, row) }
}
join <- function(bs) as.matrix(metafor::bldiag(bs))
con <- diag(length(basic)); rownames(con) <- basic
con <- con[c("metformin", "rosiglitazone"), ]
for (p in list(list("half-normal 0.5", halfnormal(0.5)), list("half-cauchy 0.3", halfcauchy(0.3))))
  emit("senn2013", p[[1]], posterior(y, join(blocks), join(between), X, p[[2]], con))
