"""Benchmarks: tables as data, one result for each (data set, method, parameters, seed), pages made from the results."""
