module interop/tusd

go 1.25.8

require github.com/tus/tusd/v2 v2.10.0
