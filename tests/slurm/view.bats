# --cram-view in a step: what sub-jobs see of the machine.
load helper

sees() { user cram output "$(run_dir)" "$1"; }

look='getconf _NPROCESSORS_ONLN; head -n 1 /proc/meminfo | tr -dc 0-9'

@test "--cram-view shows every sub-job of the step its cap and CPU" {
  pack --mem 100M --cpus 1 --param i=1..8 -- sh -c "$look"
  run -0 user srun -N2 -c2 --cram=m.pb --cram-view
  for i in 0 3 7; do
    [ "$(sees $i)" = $'1\n102400' ]
  done
  nothing_left
}

@test "a site's word shows it to every run, and its want to none" {
  plugstack=$cluster/etc/plugstack.conf
  pack --mem 100M --cpus 1 --param i=1..2 -- sh -c "$look"
  run -0 user srun -N1 -c2 --cram=m.pb
  [ "$(sees 0 | tail -n 1)" -gt 102400 ]
  rm -rf "$work"/cram-*
  cp -p "$plugstack" "$plugstack.before"
  sed -i 's/$/ view/' "$plugstack"
  run user srun -N1 -c2 --cram=m.pb
  mv "$plugstack.before" "$plugstack"
  [ "$status" -eq 0 ]
  [ "$(sees 0)" = $'1\n102400' ]
}

@test "without the library --cram-view is refused before anything is allocated" {
  pack -- true
  library=$(find "$cluster/prefix/" -name libcram-view.so)
  before=$(jobs_so_far)
  mv "$library" "$library.away"
  run -2 --separate-stderr user srun -N1 --cram=m.pb --cram-view
  mv "$library.away" "$library"
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ $stderr == "cram: --cram-view: the library is not installed: "* ]]
  [ "$(jobs_so_far)" -eq "$before" ]
}
