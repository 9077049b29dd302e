;; Hopes to catch the end of its stack and go on.
;; expect: run stack_overflow
(module
  (memory (export "memory") 1)
  (func $deep (call $deep) (call $deep))
  (func (export "_start")
    (loop $top (block $caught (try_table (catch_all $caught) (call $deep))) (br $top))))
