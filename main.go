// Spinscope shows and serves live candles of SpinPet tokens on Solana.
package main

import (
	"os"

	"spinscope/app"
	"spinscope/backend/cli"
	"spinscope/frontend"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Program{
		Assets: frontend.Assets(),
		Window: app.Run,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Env:    os.Environ(),
	}))
}
