module conductor.invalid

go 1.24
