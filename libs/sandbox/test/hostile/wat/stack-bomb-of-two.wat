;; Mutual recursion.
;; expect: run stack_overflow
(module
  (memory (export "memory") 1)
  (func $a (param i32) (result i32) (i32.add (call $b (local.get 0)) (i32.const 1)))
  (func $b (param i32) (result i32) (i32.add (call $a (local.get 0)) (i32.const 1)))
  (func (export "_start")
    (drop (call $a (i32.const 0)))))
