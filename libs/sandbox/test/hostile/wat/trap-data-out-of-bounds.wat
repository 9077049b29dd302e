;; The data does not fit into the memory, so there is no instance.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (data (i32.const 65530) "0123456789")
  (func (export "_start")
    nop))
