;; Recursion through a table.
;; expect: run stack_overflow
(module
  (memory (export "memory") 1)
  (type $f (func))
  (table 1 funcref)
  (elem (i32.const 0) $deep)
  (func $deep (type $f) (call_indirect (type $f) (i32.const 0)) (call_indirect (type $f) (i32.const 0)))
  (func (export "_start")
    (call $deep)))
