;; A name that every JavaScript object has.
;; expect: build unknown_import
(module
  (import "wasi_snapshot_preview1" "__proto__" (func))
  (memory (export "memory") 1)
  (func (export "_start")
    nop))
