;; Fails before its entry.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (func $f unreachable)
  (start $f)
  (func (export "_start")
    nop))
