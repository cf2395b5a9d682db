#!/bin/sh
# Chromium inside the network namespace of the process FAR_NETWORK_PID; see far-network.ts.
exec nsenter --net="/proc/$FAR_NETWORK_PID/ns/net" /usr/bin/chromium "$@"
