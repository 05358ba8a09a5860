module far

go 1.24
