#!/bin/sh
# Make sure that the tests find a PostgreSQL: install Debian's where we may, else say what is left out.
set -eu

if command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
	exit 0
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing postgresql for the tests"
	apt-get update -qq
	# The tests start a server of their own: Debian's must not start one as well.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends postgresql >/dev/null
	exit 0
fi

echo "No PostgreSQL found, and it can be installed only by root on Debian or Ubuntu (apt-get install postgresql)."
echo "Left out: every test that needs one (each is listed as skipped below)."
