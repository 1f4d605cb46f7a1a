module gmp-benches

go 1.25
