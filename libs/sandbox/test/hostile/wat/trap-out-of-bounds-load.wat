;; Reads behind its memory.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (i32.load (i32.const -4)))))
