# The first program in the namespaces of a node. It makes a machine of them: file systems and network as a node has
# them, nothing of which is seen outside. When it ends, the kernel ends everything else there.
#
# init.sh FOLDER ADDRESS/BITS HOSTNAME LIFETIME
set -eu
folder=$1 address=$2 hostname=$3 lifetime=$4
# /proc is still that of the one who starts us, and so is the pid.
read -r pid rest </proc/self/stat

# That of util-linux keeps records in /run, which is still the host's.
mount() { busybox mount "$@"; }

mount -t proc proc /proc
mount -t sysfs sysfs /sys
if grep -q '^[1-9]' /proc/self/cgroup; then
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  while IFS=: read -r number names path; do
    case $names in
      '') mkdir /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
      name=*) mkdir "/sys/fs/cgroup/${names#name=}"
              mount -t cgroup -o "none,$names" cgroup "/sys/fs/cgroup/${names#name=}" ;;
      *) mkdir "/sys/fs/cgroup/$names" && mount -t cgroup -o "$names" cgroup "/sys/fs/cgroup/$names"
         for one in $(echo "$names" | tr , ' '); do
           [ -e "/sys/fs/cgroup/$one" ] || ln -s "$names" "/sys/fs/cgroup/$one"
         done ;;
    esac
  done </proc/self/cgroup
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

# Programs of a node keep their state in places that are the same everywhere: here these are empty and in memory.
mkdir "$folder/etc"
mount -t tmpfs -o mode=755 tmpfs "$folder/etc"
cp -a /etc/. "$folder/etc/"
mount -o move "$folder/etc" /etc
rmdir "$folder/etc"
for place in /run /var/lib /var/log; do
  mount -t tmpfs -o mode=755 tmpfs "$place"
done
# What the host has of a node's configuration is none of ours.
rm -rf /etc/kubernetes /etc/containerd /etc/cni /etc/rancher
mkdir -p /var/lib/kubelet /var/log/pods /etc/cni/net.d

# Settings of the kernel that no namespace has for itself. The kubelet writes them, or with `protectKernelDefaults`
# refuses to start: it is shown files with what it wants (k8s.io/component-helpers/node/util/sysctl).
mkdir /run/kernel
while read -r setting value; do
  shown=/run/kernel/${setting##*/}
  echo "$value" >"$shown"
  mount -o bind "$shown" "/proc/sys/$setting"
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

ip link set lo up
ip link add cni0 type bridge
ip address add "$address" dev cni0
ip link set cni0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo "$hostname" >/proc/sys/kernel/hostname
echo "$hostname" >/etc/hostname
printf '127.0.0.1 localhost\n%s %s\n' "${address%/*}" "$hostname" >/etc/hosts

echo "$pid" >"$folder/init.tmp"
mv "$folder/init.tmp" "$folder/init"
trap 'exit 0' TERM
# Waiting, the shell buries the children of those that died before them.
if [ "$lifetime" = guarded ]; then
  # Until the end of standard input: until the one who started us ends. In the background a shell would replace it.
  exec 3<&0
  cat <&3 >/dev/null &
  wait $!
else
  while :; do
    sleep 3600 &
    wait $!
  done
fi
