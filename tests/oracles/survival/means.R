# Rscript means.R > means.csv   (in tests/oracles/survival; R 4.2.2, survival 3.5-3, 2026-11-30)
library(survival)
lung <- read.csv("lung.csv")
k <- summary(survfit(Surv(time, status) ~ sex, lung), rmean = 700)$table
cat("sex,horizon,rmean,se\n")
for (sex in 1:2) cat(sprintf("%d,700,%.17g,%.17g\n", sex, k[sex, "rmean"], k[sex, "se(rmean)"]))
