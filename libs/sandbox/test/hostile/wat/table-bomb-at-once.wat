;; Ten million table entries in one step.
;; expect: run memory_limit
;; limits: {"instructionsMax": 1000000000}
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func (export "_start")
    (if (i32.eq (table.grow $t (ref.null func) (i32.const 9000000)) (i32.const -1)) (then unreachable))))
