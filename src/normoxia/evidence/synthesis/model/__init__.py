"""Estimation: effects of studies, heterogeneity, pairwise and network meta-analysis, rare events, prediction."""
