# Rscript boundaries.R > boundaries.csv   (rpact 3.3.4, R 4.2.2, Debian's r-cran-rpact; November 2026)
suppressMessages(library(rpact))
cat("spending,alpha,fractions,z,spent\n")
row <- function(rates, type, name, alpha) {
  d <- getDesignGroupSequential(
    sided = 1, alpha = alpha, informationRates = rates, typeOfDesign = type, tolerance = 1e-10)
  joined <- function(x, digits) paste(sprintf(paste0("%.", digits, "f"), x), collapse = ";")
  cat(name, alpha, joined(rates, 15), joined(d$criticalValues, 7), joined(d$alphaSpent, 9), sep = ",")
  cat("\n")
}
for (kind in list(c("asOF", "obrien-fleming"), c("asP", "pocock"))) {
  for (rates in list(c(1/3, 2/3, 1), c(.3, .6, 1), c(.5, 1), c(.2, .4, .6, .8, 1)))
    row(rates, kind[1], kind[2], .025)
  row(c(.7, .85, 1), kind[1], kind[2], .05)
}
