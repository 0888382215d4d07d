#!/bin/bash
if [ "$1" = -u ]; then
  shift
  echo "HELLO, ${1^^}!"
else
  echo "Hello, ${1:-World}!"
fi
