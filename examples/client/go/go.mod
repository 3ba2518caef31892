module spinscope/examples/client

go 1.24

require spinscope/client v0.0.0

require github.com/coder/websocket v1.8.14 // indirect

replace spinscope/client => ../../../frontend/clients/go
