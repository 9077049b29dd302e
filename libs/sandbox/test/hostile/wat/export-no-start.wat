;; Has nothing to call.
;; expect: build missing_export
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (memory (export "memory") 1))
