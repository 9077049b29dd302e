module example.com/volume-discount

go 1.21
