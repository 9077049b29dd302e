;; Calls a function by the wrong type.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (type $f (func (param i32)))
  (table 1 funcref)
  (elem (i32.const 0) $g)
  (func $g)
  (func (export "_start")
    (call_indirect (type $f) (i32.const 1) (i32.const 0))))
