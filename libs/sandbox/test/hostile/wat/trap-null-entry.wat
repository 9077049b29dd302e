;; Calls an entry that holds nothing.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (type $f (func))
  (table 1 funcref)
  (func (export "_start")
    (call_indirect (type $f) (i32.const 0))))
