package main

// version is set by the Makefile from the changelog's newest entry.
var version = "dev"
