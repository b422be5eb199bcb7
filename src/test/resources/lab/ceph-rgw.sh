#!/usr/bin/env bash
# A real Ceph RGW on loopback: one mon, one OSD in memory and one radosgw, all of it under one folder. No mgr: no
# request passes it.
#   ceph-rgw.sh FOLDER GATEWAY_PORT MONITOR_PORT
# Every daemon leaves FOLDER/<name>.pid. Users: registry/registry-secret, backup/backup-secret.
# Every ceph command has a timeout: with a wrong key it would look for a monitor for minutes.
set -euo pipefail
folder=$1 port=$2 monitor=$3
export CEPH_CONF=$folder/ceph.conf
mkdir -p "$folder"/{mon,osd,rgw,log}
fsid=$(cat /proc/sys/kernel/random/uuid)

cat > "$CEPH_CONF" <<C
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$monitor/0]
mon initial members = a
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 0
log to stderr = false
log file = $folder/log/\$name.log
admin socket = $folder/\$name.asok
pid file = $folder/\$name.pid
run dir = $folder
keyring = $folder/keyring
[mon.a]
mon data = $folder/mon
# It waits a second for more changes before it makes one, and the gateway makes a pool after the other.
paxos propose interval = 0.05
paxos min wait = 0.01
[osd.0]
osd data = $folder/osd
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd objectstore = memstore
memstore device bytes = 8589934592
[client.rgw.a]
rgw data = $folder/rgw
# Without tcp_nodelay each answer with a body waits 40 ms for an acknowledgement.
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw dynamic resharding = false
# What is deleted is gone from memory within seconds: a benchmark writes the same data many times.
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw crypt require ssl = false
C

key() { ceph-authtool "$folder/keyring" --gen-key -n "$1" --cap mon "$2" --cap osd "$3"; }
ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *'
for entity in client.admin client.rgw.a; do key $entity 'allow *' 'allow *'; done
monmaptool --create --addv a "[v2:127.0.0.1:$monitor/0]" --fsid "$fsid" "$folder/monmap"
timeout 60 ceph-mon --mkfs -i a --monmap "$folder/monmap" --keyring "$folder/keyring"
timeout 60 ceph-mon -i a

osd=$(cat /proc/sys/kernel/random/uuid)
key osd.0 'allow profile osd' 'allow *'
printf '{"cephx_secret":"%s"}' "$(ceph-authtool -p -n osd.0 "$folder/keyring")" > "$folder/osd.json"
timeout 60 ceph osd new "$osd" -i "$folder/osd.json"
timeout 60 ceph-osd -i 0 --mkfs --osd-uuid "$osd"
timeout 60 ceph-osd -i 0
for _ in $(seq 300); do
  timeout 10 ceph osd stat > "$folder/stat"
  grep -q '1 up' "$folder/stat" && break
  sleep 0.1
done
cat "$folder/stat"

timeout 90 radosgw -n client.rgw.a
for _ in $(seq 600); do
  (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  sleep 0.1
done
for user in registry backup; do
  timeout 60 radosgw-admin user create --uid=$user --display-name=$user \
    --access-key=$user --secret-key=$user-secret > "$folder/$user.json"
done
