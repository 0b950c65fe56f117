module example.com/breakers

go 1.24
