;; Would call the host with too few values.
;; expect: build import_type_mismatch
(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    nop))
