load helper

# requests COUNT: what slurmctld served for a run of COUNT sub-jobs.
requests() {
  pack --mem 50M --param i=1.."$1" -- /bin/true >/dev/null
  sdiag --reset >/dev/null
  user srun -N4 -c2 --cram=m.pb
  sleep 3 # the nodes' last words
  "$here/../cluster/requests"
}

@test "slurmctld has the same to do for 10 and for 2,000 sub-jobs" {
  few=$(requests 10)
  many=$(requests 2000)
  echo "$few"
  echo "$many"
  [ "$few" = "$many" ]
}
