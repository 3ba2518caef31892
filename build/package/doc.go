// Command package makes what people install: it builds the program for each system and packs it as table.go says.
//
// Two runs on one commit give the same bytes: paths are trimmed, times are those of the commit (SOURCE_DATE_EPOCH), and
// owners, modes and the order of files are set. Whatever it needs beside Go (nfpm, makensis, minisign) it runs as a
// command. It fails on the first thing that goes wrong and leaves no half-written artefact: everything is made in
// DIST/.work and moved out when it is whole.
package main
