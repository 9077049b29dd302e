;; The same through a table.
;; expect: run instruction_limit
(module
  (memory (export "memory") 1)
  (type $f (func))
  (table 1 funcref)
  (elem (i32.const 0) $spin)
  (func $spin (type $f) (return_call_indirect (type $f) (i32.const 0)))
  (func (export "_start")
    (call $spin)))
