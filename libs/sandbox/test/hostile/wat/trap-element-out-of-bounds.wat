;; The elements do not fit into the table.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (elem (i32.const 1) $f)
  (func $f)
  (func (export "_start")
    nop))
