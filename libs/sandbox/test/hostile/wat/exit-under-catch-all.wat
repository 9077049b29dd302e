;; An exit is no exception, so nothing runs after it.
;; expect: run exit_code
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (block $caught (try_table (catch_all $caught) (call $exit (i32.const 3)))) (call $exit (i32.const 0))))
