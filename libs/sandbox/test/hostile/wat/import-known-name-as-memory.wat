;; A function of the ABI taken for a memory.
;; expect: build unknown_import
(module
  (import "wasi_snapshot_preview1" "fd_write" (memory 1))
  (func (export "_start")
    nop))
