;; Each copy is long, and they never end.
;; expect: run deadline
;; limits: {"instructionsMax": 10000000000, "deadlineMs": 60}
(module
  (memory (export "memory") 100)
  (func (export "_start")
    (loop $again (memory.copy (i32.const 1) (i32.const 0) (i32.const 6553000)) (br $again))))
