"""Which directives nginx has: those of the modules that its own images are built with."""

from typing import Final

_CORE: Final = (
    "absolute_redirect accept_mutex accept_mutex_delay access_log add_after_body add_before_body add_header add_trailer "
    "addition_types aio aio_write alias allow ancient_browser ancient_browser_value auth_basic auth_basic_user_file "
    "auth_delay auth_request auth_request_set autoindex autoindex_exact_size autoindex_format autoindex_localtime break "
    "charset charset_map charset_types chunked_transfer_encoding client_body_buffer_size client_body_in_file_only "
    "client_body_in_single_buffer client_body_temp_path client_body_timeout client_header_buffer_size client_header_timeout "
    "client_max_body_size connection_pool_size create_full_put_path daemon dav_access dav_methods debug_connection "
    "debug_points default_type deny directio directio_alignment disable_symlinks early_hints empty_gif env error_log "
    "error_page etag events expires flv geo geoip_city geoip_country geoip_org geoip_proxy geoip_proxy_recursive "
    "google_perftools_profiles gunzip gunzip_buffers gzip gzip_buffers gzip_comp_level gzip_disable gzip_http_version "
    "gzip_min_length gzip_proxied gzip_static gzip_types gzip_vary hash http http2 http2_body_preread_size http2_chunk_size "
    "http2_idle_timeout http2_max_concurrent_pushes http2_max_concurrent_streams http2_max_field_size http2_max_header_size "
    "http2_max_requests http2_push http2_push_preload http2_recv_buffer_size http2_recv_timeout http3 http3_hq "
    "http3_max_concurrent_streams http3_stream_buffer_size if if_modified_since ignore_invalid_headers image_filter "
    "image_filter_buffer image_filter_interlace image_filter_jpeg_quality image_filter_sharpen image_filter_transparency "
    "image_filter_webp_quality include index internal ip_hash js_access js_body_filter js_content js_engine "
    "js_fetch_buffer_size js_fetch_timeout js_filter js_header_filter js_import js_path js_periodic js_preload_object "
    "js_preread js_set js_shared_dict_zone js_var keepalive keepalive_disable keepalive_min_timeout keepalive_requests "
    "keepalive_time keepalive_timeout large_client_header_buffers least_conn limit_conn limit_conn_dry_run "
    "limit_conn_log_level limit_conn_status limit_conn_zone limit_except limit_rate limit_rate_after limit_req "
    "limit_req_dry_run limit_req_log_level limit_req_status limit_req_zone lingering_close lingering_time lingering_timeout "
    "listen load_module location lock_file log_format log_not_found log_subrequest mail map map_hash_bucket_size "
    "map_hash_max_size master_process max_errors max_headers max_ranges memcached_bind memcached_buffer_size "
    "memcached_connect_timeout memcached_gzip_flag memcached_next_upstream memcached_next_upstream_timeout "
    "memcached_next_upstream_tries memcached_pass memcached_read_timeout memcached_send_timeout memcached_socket_keepalive "
    "merge_slashes min_delete_depth mirror mirror_request_body modern_browser modern_browser_value mp4 mp4_buffer_size "
    "mp4_max_buffer_size mp4_start_key_frame msie_padding msie_refresh multi_accept open_file_cache open_file_cache_errors "
    "open_file_cache_min_uses open_file_cache_valid open_log_file_cache output_buffers override_charset pcre_jit perl "
    "perl_modules perl_require perl_set pid pop3_auth pop3_capabilities port_in_redirect postpone_output preread_buffer_size "
    "preread_timeout protocol quic_active_connection_id_limit quic_bpf quic_gso quic_host_key quic_retry random random_index "
    "read_ahead real_ip_header real_ip_recursive recursive_error_pages referer_hash_bucket_size referer_hash_max_size "
    "request_pool_size reset_timedout_connection resolver resolver_timeout return rewrite rewrite_log root satisfy "
    "secure_link secure_link_md5 secure_link_secret send_lowat send_timeout sendfile sendfile_max_chunk server server_name "
    "server_name_in_redirect server_names_hash_bucket_size server_names_hash_max_size server_tokens set set_real_ip_from "
    "slice smtp_auth smtp_capabilities source_charset split_clients ssi ssi_last_modified ssi_min_file_chunk "
    "ssi_silent_errors ssi_types ssi_value_length ssl ssl_alpn ssl_buffer_size ssl_certificate ssl_certificate_cache "
    "ssl_certificate_key ssl_ciphers ssl_client_certificate ssl_conf_command ssl_crl ssl_dhparam ssl_early_data "
    "ssl_ecdh_curve ssl_engine ssl_handshake_timeout ssl_key_log ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder ssl_password_file "
    "ssl_prefer_server_ciphers ssl_preread ssl_protocols ssl_reject_handshake ssl_session_cache ssl_session_ticket_key "
    "ssl_session_tickets ssl_session_timeout ssl_stapling ssl_stapling_file ssl_stapling_responder ssl_stapling_verify "
    "ssl_trusted_certificate ssl_verify_client ssl_verify_depth starttls state status stream stub_status sub_filter "
    "sub_filter_last_modified sub_filter_once sub_filter_types subrequest_output_buffer_size tcp_nodelay tcp_nopush "
    "thread_pool timeout timer_resolution try_files types types_hash_bucket_size types_hash_max_size underscores_in_headers "
    "uninitialized_variable_warn upstream use user userid userid_domain userid_expires userid_flags userid_mark userid_name "
    "userid_p3p userid_path userid_service valid_referers variables_hash_bucket_size variables_hash_max_size "
    "worker_aio_requests worker_connections worker_cpu_affinity worker_priority worker_processes worker_rlimit_core "
    "worker_rlimit_nofile worker_shutdown_timeout working_directory xclient xml_entities xslt_last_modified xslt_param "
    "xslt_string_param xslt_stylesheet xslt_types zone "
)
_ONE: Final = (
    "proxy_cache_convert_head proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_headers_hash_bucket_size "
    "proxy_headers_hash_max_size proxy_http_version proxy_method proxy_redirect proxy_set_body fastcgi_catch_stderr "
    "fastcgi_index fastcgi_keep_conn fastcgi_split_path_info uwsgi_modifier1 uwsgi_modifier2 proxy_protocol "
    "proxy_protocol_timeout proxy_timeout proxy_download_rate proxy_upload_rate proxy_requests proxy_responses "
    "proxy_session_drop proxy_ssl proxy_half_close "
)
_PASSING: Final = (
    "bind buffer_size buffering buffers busy_buffers_size cache cache_background_update cache_bypass cache_key cache_lock "
    "cache_lock_age cache_lock_timeout cache_max_range_offset cache_methods cache_min_uses cache_path cache_purge "
    "cache_revalidate cache_use_stale cache_valid connect_timeout force_ranges hide_header ignore_client_abort ignore_headers "
    "intercept_errors limit_rate max_temp_file_size next_upstream next_upstream_timeout next_upstream_tries no_cache param "
    "pass pass_header pass_request_body pass_request_headers pass_trailers read_timeout request_buffering send_lowat "
    "send_timeout set_header socket_keepalive ssl_certificate ssl_certificate_cache ssl_certificate_key ssl_ciphers "
    "ssl_conf_command ssl_crl ssl_key_log ssl_name ssl_password_file ssl_protocols ssl_server_name ssl_session_reuse "
    "ssl_trusted_certificate ssl_verify ssl_verify_depth store store_access temp_file_write_size temp_path "
)
"""What each of the modules has that pass requests on, behind its own name."""
KNOWN: Final = frozenset(
    [
        *_CORE.split(),
        *_ONE.split(),
        *(f"{module}_{name}" for module in ("proxy", "fastcgi", "uwsgi", "scgi", "grpc") for name in _PASSING.split()),
    ]
)
