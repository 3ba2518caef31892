// What `make package` runs, kept apart so that its libraries never enter the product's go.mod.
module spinscope/build/package

go 1.26

require (
	github.com/klauspost/compress v1.18.4
	github.com/tc-hib/winres v0.2.1
	golang.org/x/image v0.41.0
)

require github.com/nfnt/resize v0.0.0-20180221191011-83c6a9932646 // indirect
