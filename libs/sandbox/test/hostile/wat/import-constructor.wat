;; Another one.
;; expect: build unknown_import
(module
  (import "wasi_snapshot_preview1" "constructor" (func))
  (memory (export "memory") 1)
  (func (export "_start")
    nop))
