;; Calls itself for ever.
;; expect: run stack_overflow
(module
  (memory (export "memory") 1)
  (func $deep (call $deep) (call $deep))
  (func (export "_start")
    (call $deep)))
