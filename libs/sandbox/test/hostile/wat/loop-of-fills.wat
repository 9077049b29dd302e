;; Moves a lot of memory with few operators.
;; expect: run instruction_limit
(module
  (memory (export "memory") 100)
  (func (export "_start")
    (loop $again (memory.fill (i32.const 0) (i32.const 7) (i32.const 6553600)) (br $again))))
