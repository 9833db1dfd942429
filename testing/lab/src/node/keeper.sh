# Runs outside of the namespaces of a node: makes their control groups, lives as long as they do, and removes what
# outlives them. The kernel ends namespaces; control groups and folders it leaves behind.
#
# keeper.sh NAME FOLDER ADDRESS/BITS HOSTNAME LIFETIME
set -u
name=$1 folder=$2 lifetime=$5
shift
# Caught and not ignored: what is ignored here would be ignored by every program of the node.
trap : HUP INT TERM
groups= inner=

# The group of every hierarchy that this shell is in, where it is mounted in the usual place. Below it, limits that
# hold for the one who started the lab hold for the lab as well.
while IFS=: read -r number names path; do
  case $names in
    '') if [ "$number" != 0 ]; then continue; fi
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
          root=/sys/fs/cgroup
          # Version 2 hands controllers down group by group: the nearest one that has what pods need.
          until grep -qw memory "$root${path%/}/cgroup.subtree_control" 2>/dev/null &&
            grep -qw pids "$root${path%/}/cgroup.subtree_control"; do
            if [ "${path%/}" = '' ]; then
              echo 'unavailable: no control group hands down `memory` and `pids`' >&2
              exit 3
            fi
            path=${path%/}
            path=${path%/*}
          done
        else
          root=/sys/fs/cgroup/unified
        fi ;;
    *) root=/sys/fs/cgroup/${names#name=} ;;
  esac
  parent=$root${path%/}
  [ -e "$parent/cgroup.procs" ] || continue
  if ! mkdir "$parent/$name"; then
    for group in $groups; do rmdir "$group"; done
    echo 'unavailable: control groups cannot be made' >&2
    exit 3
  fi
  groups="$parent/$name $groups"
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    # Of version 2, a group that hands down controllers holds no processes itself.
    inner=$parent/$name/init
    mkdir "$inner"
  fi
  if [ -e "$parent/cpuset.cpus" ] && [ "$names" != '' ]; then
    # A new group has neither, and takes no process before it has.
    cat "$parent/cpuset.cpus" >"$parent/$name/cpuset.cpus"
    cat "$parent/cpuset.mems" >"$parent/$name/cpuset.mems"
  fi
done </proc/self/cgroup
echo "$groups" >"$folder/groups"

(
  for group in $groups; do
    # 0 is whoever writes it: this subshell, which becomes the parent of the namespaces.
    echo 0 >"$group/cgroup.procs" || exit 3
  done
  # The group that we are in now is the root of all groups inside.
  exec unshare --cgroup sh -c '[ "$1" = "" ] || echo 0 >"$1/cgroup.procs"; shift; exec "$@"' sh "$inner" \
    unshare --net --mount --pid --ipc --uts --fork --kill-child --propagation private sh "$folder/init.sh" "$@"
)
status=$?

# What ran there is dead, but may not be buried yet.
for group in $groups; do
  tries=0
  until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || [ "$tries" -ge 50 ] || [ ! -d "$group" ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
done
# The one who started us removes the folder, unless it was killed.
[ "$lifetime" != guarded ] || kill -0 "$PPID" 2>/dev/null || rm -rf "$folder"
exit "$status"
