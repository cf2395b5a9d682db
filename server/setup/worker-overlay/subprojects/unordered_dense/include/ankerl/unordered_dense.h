// The part of ankerl::unordered_dense that the media worker uses, on Abseil's flat hash containers.
// One difference matters: there, erase(iterator) returns the next iterator; Abseil's returns nothing.
#pragma once
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>
#include <cstdint>

namespace ankerl
{
	namespace unordered_dense
	{
		template<class T, class Enable = void>
		struct hash
		{
			using is_avalanching = void;

			auto operator()(const T& value) const noexcept -> uint64_t
			{
				return absl::Hash<T>{}(value);
			}
		};

		template<class Base>
		struct erasing : Base
		{
			using Base::Base;
			using Base::erase;
			using typename Base::iterator;

			// Erasing never rehashes, so the iterator taken beforehand stays valid.
			typename Base::iterator erase(typename Base::iterator position)
			{
				auto next = position;
				++next;
				Base::erase(position);

				return next;
			}
		};

		template<
		  class Key,
		  class Value,
		  class Hash  = absl::container_internal::hash_default_hash<Key>,
		  class Equal = absl::container_internal::hash_default_eq<Key>>
		using map = erasing<absl::flat_hash_map<Key, Value, Hash, Equal>>;

		template<
		  class Key,
		  class Hash  = absl::container_internal::hash_default_hash<Key>,
		  class Equal = absl::container_internal::hash_default_eq<Key>>
		using set = erasing<absl::flat_hash_set<Key, Hash, Equal>>;
	} // namespace unordered_dense
} // namespace ankerl
