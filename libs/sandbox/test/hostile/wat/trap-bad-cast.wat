;; Takes a reference for what it is not.
;; expect: run trap
(module
  (type $a (struct (field i32)))
  (type $b (struct (field i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (ref.cast (ref $b) (struct.new $a (i32.const 1))))))
