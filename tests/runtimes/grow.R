# Grows without limit, in steps of eight megabytes.
more <- function() numeric(1e6) + 1

kept <- list()
while (TRUE) {
  kept[[length(kept) + 1]] <- more()
}
