;; Fills over the edge.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (memory.fill (i32.const 65530) (i32.const 1) (i32.const 100))))
