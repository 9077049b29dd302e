;; Exits before its entry.
;; expect: run exit_code
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $f (call $exit (i32.const 4)))
  (start $f)
  (func (export "_start")
    nop))
