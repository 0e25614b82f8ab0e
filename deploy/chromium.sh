#!/bin/sh
# Make sure that the browser tests find a Chromium: install Debian's where we may, else say what is left out.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
	if command -v "$name" >/dev/null 2>&1; then
		exit 0
	fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing chromium for the browser tests"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends chromium >/dev/null
	exit 0
fi

echo "No Chromium found, and it can be installed only by root on Debian or Ubuntu (apt-get install chromium)."
echo "Left out: every test in tests/browser (each is listed as skipped below)."
